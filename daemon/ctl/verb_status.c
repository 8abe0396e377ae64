/* SPDX-License-Identifier: EUPL-1.2 */
/* Is all well, and if not, what to do: one line per thing looked at, the worst decides. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>

#include "daemon/certs.h"
#include "daemon/ctl/admin_ask.h"
#include "daemon/ctl/admin_guess.h"
#include "daemon/ctl/incidents.h"
#include "daemon/ctl/json.h"
#include "daemon/ctl/text.h"
#include "daemon/ctl/verbs.h"
#include "daemon/servers.h"
#include "queue/node.h"

#define CHECKS_MAX       16
#define LINES_MAX        10
#define LATE_SECONDS     300 /* a due delivery that nobody took for so long: no progress */
#define DISK_PERCENT     10
#define RETENTION_LATE_S 1800
#define STORE_FAILED_MS  60000

enum level { WELL = CORV_CTL_YES, ATTENTION = CORV_CTL_NO, BROKEN = CORV_CTL_ERROR };

struct check {
    const char *name;  /* for --json: stays */
    const char *label; /* for people */
    enum level level;
    char text[256];
};
struct report {
    struct check checks[CHECKS_MAX];
    unsigned count;
};

__attribute__((format(printf, 5, 6))) static void add(
    struct report *r, const char *name, const char *label, enum level level, const char *fmt, ...)
{
    struct check *c = &r->checks[r->count];
    va_list ap;

    if (r->count == CHECKS_MAX)
        return;
    *c = (struct check){.name = name, .label = label, .level = level};
    va_start(ap, fmt);
    (void)vsnprintf(c->text, sizeof c->text, fmt, ap);
    va_end(ap);
    r->count++;
}

/* ---- what is looked at --------------------------------------------------------------------- */

static const json_t *find_incident(const json_t *open, const char *cause)
{
    for (size_t i = 0; i < json_array_size(open); i++)
        if (strcmp(corv_ctl_incident_text(json_array_get(open, i), "cause"), cause) == 0)
            return json_array_get(open, i);
    return NULL;
}

/* It may be connected and yet unable to write: a full disk, a server that became read-only. */
static bool say_store(const json_t *open, struct report *r)
{
    const json_t *fails = find_incident(open, "store.fails");
    long long ago_ms =
        (long long)time(NULL) * 1000 - corv_ctl_ms(corv_ctl_incident_text(fails, "last"));
    char last[32];

    if (!fails)
        return false;
    (void)corv_ctl_when(corv_ctl_incident_text(fails, "last"), last, sizeof last);
    add(r, "daemon", "corvd", ago_ms < STORE_FAILED_MS ? BROKEN : ATTENTION,
        "draait, maar vastleggen mislukte, laatst %s UTC: afzenders krijgen dan 503. Kijk met: "
        "corvctl incidents",
        last);
    return true;
}

static void look_at_daemon(const struct corv_config *c, const json_t *open, struct report *r)
{
    struct corv_buf body;
    json_t *said = NULL;
    int status;

    if (!c->admin.socket && c->admin.port == 0) {
        add(r, "daemon", "corvd", ATTENTION,
            "niet te vragen: admin heeft geen vaste poort of socket in de configuratie");
        return;
    }
    corv_buf_init(&body, 65536);
    status = corv_ctl_admin_ask(c, "/readyz", &body);
    said = body.p ? json_loads(body.p, 0, NULL) : NULL;
    if (status == 200 && !say_store(open, r))
        add(r, "daemon", "corvd", WELL, "draait en neemt berichten aan (versie %s)",
            said && json_is_string(json_object_get(said, "version"))
                ? json_string_value(json_object_get(said, "version"))
                : "?");
    else if (status == 0)
        add(r, "daemon", "corvd", BROKEN,
            "antwoordt niet. Draait het? Kijk met: systemctl status corvd");
    else if (json_is_true(json_object_get(said, "draining")))
        add(r, "daemon", "corvd", ATTENTION, "is aan het stoppen; start het zo nodig opnieuw");
    else if (status != 200)
        add(r, "daemon", "corvd", BROKEN,
            "neemt geen berichten aan (503): vastleggen in de database lukt corvd niet. Waarom "
            "staat in: journalctl -u corvd -g queue");
    json_decref(said);
    corv_buf_free(&body);
}

/* Only who has several servers can lose something when one of them takes over. */
static void say_database(struct corv_ctl *ctl, struct report *r)
{
    bool several = corv_servers_several(ctl->config);
    struct corv_house_info house;
    struct corv_fault fault = {0};

    if (corv_node_house(ctl->inspect, &house, &fault) != CORV_OK)
        add(r, "database", "Database", ATTENTION, "%s", fault.text);
    else if (several && !house.synchronous)
        add(r, "database", "Database", ATTENTION,
            "bereikbaar, maar wacht op geen standby: bij een fail-over kan een bevestigd bericht "
            "verloren gaan. Zet synchronous_standby_names (docs/operating.md)");
    else
        add(r, "database", "Database", WELL, "bereikbaar%s%s%s",
            house.synchronous ? ", standby synchroon" : "", house.moved[0] ? ", verhuisd op " : "",
            house.moved);
}

static void look_at_nodes(struct corv_ctl *ctl, struct report *r)
{
    const struct corv_node_info *worst = NULL;
    struct corv_node_info *list = NULL;
    struct corv_fault fault = {0};
    unsigned running = 0;
    size_t count = 0;

    if (corv_node_list(ctl->inspect, &list, &count, &fault) != CORV_OK)
        return; /* the database line said so */
    for (size_t i = 0; i < count; i++) {
        bool silent = !list[i].stopped[0] && list[i].seen_seconds > CORV_NODE_SILENT_S;

        running += !list[i].stopped[0] && !silent;
        if (silent)
            worst = &list[i];
    }
    if (worst)
        add(r, "nodes", "Nodes", ATTENTION,
            "%u draaien; %s zwijgt zonder te zijn gestopt. Kijk met: corvctl node list", running,
            worst->name);
    else if (count > 1)
        add(r, "nodes", "Nodes", WELL, "%u van %zu draaien", running, count);
    corv_inspect_free(list);
}

static bool look_at_database(struct corv_ctl *ctl, struct report *r)
{
    struct corv_fault fault = {0};

    if (corv_ctl_connect(ctl, &fault) == CORV_OK) {
        say_database(ctl, r);
        return true;
    }
    add(r, "database", "Database", BROKEN, "%s", fault.text);
    return false;
}

static void say_due(struct report *r, const struct corv_inspect_lane *worst)
{
    char span[32];

    if (!worst || worst->oldest_due_seconds < 1) {
        add(r, "progress", "Voortgang", WELL, "er is niets te laat");
        return;
    }
    (void)corv_ctl_duration(worst->oldest_due_seconds, span, sizeof span);
    if (worst->oldest_due_seconds < LATE_SECONDS)
        add(r, "progress", "Voortgang", WELL, "oudste bezorging aan de beurt: %s (%s)", span,
            worst->party);
    else
        add(r, "progress", "Voortgang", ATTENTION,
            "een bezorging aan %s is %s te laat. Kijk met: corvctl queue", worst->party, span);
}

/* Whom to call is what somebody wants to read first. */
static void say_waiting(
    struct report *r, uint64_t waiting, const struct corv_inspect_lane *first, unsigned failing)
{
    if (failing == 0)
        add(r, "waiting", "Wachtend", WELL, "%" PRIu64, waiting);
    else if (failing == 1)
        add(r, "waiting", "Wachtend", ATTENTION,
            "%" PRIu64 "; aan %s mislukte de laatste poging (%s). Kijk met: corvctl queue", waiting,
            first->party, first->last_code);
    else
        add(r, "waiting", "Wachtend", ATTENTION,
            "%" PRIu64 "; bij %u ontvangers mislukte de laatste poging. Kijk met: corvctl queue",
            waiting, failing);
}

static void look_at_lanes(struct corv_ctl *ctl, struct report *r)
{
    struct corv_inspect_lane *lanes = NULL;
    const struct corv_inspect_lane *worst = NULL;
    const struct corv_inspect_lane *first = NULL; /* that fails */
    struct corv_fault fault = {0};
    uint64_t waiting = 0;
    uint64_t held = 0;
    uint64_t dead = 0;
    unsigned failing = 0;
    size_t count = 0;

    if (corv_inspect_lanes(ctl->inspect, &lanes, &count, &fault) != CORV_OK) {
        add(r, "queue", "Wachtrij", BROKEN, "%s", fault.text);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        waiting += lanes[i].waiting + lanes[i].leased;
        held += lanes[i].held;
        dead += lanes[i].dead;
        if (lanes[i].waiting > 0 && lanes[i].last_code[0] && failing++ == 0)
            first = &lanes[i];
        if (!worst || lanes[i].oldest_due_seconds > worst->oldest_due_seconds)
            worst = &lanes[i];
    }
    say_due(r, worst);
    say_waiting(r, waiting, first, failing);
    add(r, "held", "Vastgehouden", held ? ATTENTION : WELL,
        held ? "%" PRIu64 ": beantwoord de vragen. Kijk met: corvctl message list --state held"
             : "%" PRIu64,
        held);
    add(r, "dead", "Mislukt", dead ? ATTENTION : WELL,
        dead ? "%" PRIu64 ": kijk met: corvctl dead" : "%" PRIu64, dead);
    corv_inspect_free(lanes);
}

static void look_at_retention(struct corv_ctl *ctl, struct report *r)
{
    const struct corv_config *c = ctl->config;
    struct corv_inspect_purge_state s;
    struct corv_fault fault = {0};
    double key_late = corv_ctl_metric(c, "key_late_seconds");
    double age = corv_ctl_metric(c, "retention_pass_age_seconds");

    if (corv_inspect_purge_state(ctl->inspect, c->retention.payload_hours,
            c->retention.traffic_days, &s, &fault) != CORV_OK)
        add(r, "retention", "Vernietigen", ATTENTION, "%s", fault.text);
    else if (s.late || s.months || key_late > 0)
        add(r, "retention", "Vernietigen", ATTENTION,
            "er is iets langer bewaard dan mag. Kijk met: corvctl purge status");
    else if (age > RETENTION_LATE_S)
        add(r, "retention", "Vernietigen", ATTENTION,
            "corvd kwam er %.0f minuten niet aan toe. Kijk in het logboek naar retention.failed",
            age / 60);
    else
        add(r, "retention", "Vernietigen", WELL, "op tijd; %" PRIu64 " berichten in 24 uur",
            s.destroyed_day);
}

static void look_at_today(struct corv_ctl *ctl, struct report *r)
{
    struct corv_inspect_day *days = NULL;
    struct corv_fault fault = {0};
    size_t count = 0;
    uint64_t messages = 0;
    uint64_t confirmed = 0;

    if (corv_inspect_days(ctl->inspect, 1, &days, &count, &fault) != CORV_OK)
        return;
    for (size_t i = 0; i < count; i++) {
        messages += days[i].messages;
        confirmed += days[i].confirmed;
    }
    add(r, "today", "Vandaag", WELL, "%" PRIu64 " berichten, %" PRIu64 " bezorgingen bevestigd",
        messages, confirmed);
    corv_inspect_free(days);
}

/* Information, whatever the number: a request may be old, or have been filed outside CORV. */
static void look_at_cases(const struct corv_config *c, struct report *r)
{
    double unknown = corv_ctl_metric(c, "messages_without_case_total");

    if (unknown > 0)
        add(r, "cases", "Zaken", WELL,
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

static void look_at_certs(const struct corv_config *c, struct report *r)
{
    static struct corv_cert certs[CORV_CERTS_MAX];
    unsigned count = corv_certs_of(c, certs);
    const struct corv_cert *worst = NULL;

    for (unsigned i = 0; i < count; i++)
        if (certs[i].readable && (!worst || worse(&certs[i], worst)))
            worst = &certs[i];
    if (!worst)
        add(r, "certificates", "Certificaten", WELL, "niet te lezen voor deze gebruiker");
    else if (worst->file.days < 0)
        add(r, "certificates", "Certificaten", BROKEN, "%s is VERLOPEN. Vervang het bestand",
            worst->key);
    else if (!corv_cert_good(worst))
        add(r, "certificates", "Certificaten", ATTENTION,
            "%s verloopt over %d dagen. Vraag een nieuw aan", worst->key, worst->file.days);
    else
        add(r, "certificates", "Certificaten", WELL, "de eerste verloopt over %d dagen",
            worst->file.days);
}

static void look_at_disk(const struct corv_config *c, struct report *r)
{
    struct statvfs fs;

    if (statvfs(c->state_dir, &fs) != 0 || fs.f_blocks == 0)
        return;
    unsigned percent = (unsigned)(100.0 * (double)fs.f_bavail / (double)fs.f_blocks);

    add(r, "disk", "Schijf", percent < DISK_PERCENT ? ATTENTION : WELL,
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
static void look_at_incidents(const json_t *list, bool lines, struct report *r)
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
        add(r, "incidents", "Alarmen", ATTENTION, "%s%u: %s%s%s%s. Kijk met: corvctl incidents",
            lines ? "verder " : "", act, subject, *subject ? ": " : "",
            corv_ctl_incident_text(worst, "text"), act > 1 ? ", en meer" : "");
    else if (list)
        add(r, "incidents", "Alarmen", WELL, lines ? "verder geen" : "geen");
}

/* ---- the answer --------------------------------------------------------------------------- */

static enum level worst_of(const struct report *r)
{
    enum level worst = WELL;

    for (unsigned i = 0; i < r->count; i++)
        worst = r->checks[i].level > worst ? r->checks[i].level : worst;
    return worst;
}

static const char *const level_names[] = {"ok", "attention", "broken"};

static json_t *report_json(const struct report *r)
{
    json_t *checks = json_array();

    for (unsigned i = 0; i < r->count; i++)
        (void)json_array_append_new(checks,
            json_pack("{s:s, s:s, s:o}", "name", r->checks[i].name, "state",
                level_names[r->checks[i].level], "text", corv_ctl_json_text(r->checks[i].text)));
    return json_pack("{s:s, s:o}", "state", level_names[worst_of(r)], "checks", checks);
}

/* How many lines it takes on a terminal. */
static unsigned render(const struct check *c, struct corv_buf *out)
{
    static const char *const marks[] = {"  ", "! ", "X "};
    char label[32];
    unsigned lines = 0;

    (void)snprintf(label, sizeof label, "%s%s", marks[c->level], c->label);
    corv_ctl_wrap(out, label, 16, c->text);
    for (size_t i = 0; i < out->n; i++)
        lines += out->p[i] == '\n';
    return lines;
}

static const struct check *find(const struct report *r, const char *name)
{
    for (unsigned i = 0; i < r->count; i++)
        if (strcmp(r->checks[i].name, name) == 0 && r->checks[i].level == WELL)
            return &r->checks[i];
    return NULL;
}

/* For people: three lines that say nothing become one. */
static void condense(const struct report *r, struct report *out)
{
    const struct check *waiting = find(r, "waiting");
    bool calm = waiting && find(r, "held") && find(r, "dead");

    out->count = 0;
    for (unsigned i = 0; i < r->count; i++) {
        const struct check *c = &r->checks[i];

        if (calm && c == waiting)
            add(out, "queue", "Wachtrij", WELL, "%s wachtend, 0 vastgehouden, 0 mislukt", c->text);
        else if (!calm || (strcmp(c->name, "held") != 0 && strcmp(c->name, "dead") != 0))
            out->checks[out->count++] = *c;
    }
}

/* Which of them fit in LINES_MAX with the verdict: first what is not well leaves the rest out. */
static void choose(const struct report *r, bool shown[CHECKS_MAX])
{
    unsigned room = LINES_MAX - 1;
    struct corv_buf b;

    corv_buf_init(&b, 4096);
    for (int level = BROKEN; level >= WELL; level--)
        for (unsigned i = 0; i < r->count; i++) {
            unsigned lines;

            if ((int)r->checks[i].level != level)
                continue;
            corv_buf_reset(&b);
            lines = render(&r->checks[i], &b);
            shown[i] = lines <= room;
            room -= shown[i] ? lines : 0;
        }
    corv_buf_free(&b);
}

static void say(struct corv_ctl *ctl, const struct report *all)
{
    struct report condensed;
    const struct report *r = &condensed;
    bool shown[CHECKS_MAX] = {false};
    static const char *const verdicts[] = {
        "Alles is in orde.", "Kijk hiernaar:", "corvd werkt nu niet goed:"};
    static const enum corv_ctl_tone tones[] = {CORV_TONE_GOOD, CORV_TONE_WARN, CORV_TONE_BAD};
    enum level worst = worst_of(all);

    corv_ctl_tone_write(&ctl->out, tones[worst], verdicts[worst], ctl->color);
    corv_ctl_printf(ctl, "\n");
    condense(all, &condensed);
    choose(r, shown);
    for (unsigned i = 0; i < r->count; i++)
        if (shown[i])
            (void)render(&r->checks[i], &ctl->out);
}

/* The file is wrong now; a corvd that runs does not mind, but would not start with it. */
static void look_without_config(struct corv_ctl *ctl, size_t errors, struct report *r)
{
    struct corv_config c = {0};
    struct corv_arena arena;
    json_t *open = NULL;

    corv_arena_init(&arena, CORV_CTL_GUESS_BYTES);
    corv_ctl_admin_guess(ctl->config_path, &arena, &c);
    open = corv_ctl_incidents(&c);
    look_at_daemon(&c, open, r);
    add(r, "configuration", "Configuratie", ATTENTION,
        "%zu fout%s in het bestand: een corvd die draait werkt door met de oude, maar start er "
        "niet mee. De rest is nu niet te zien. Kijk met: corvctl config check",
        errors, errors == 1 ? "" : "en");
    look_at_incidents(open, false, r);
    json_decref(open);
    corv_arena_free(&arena);
}

static void look(struct corv_ctl *ctl, struct report *r)
{
    json_t *open = corv_ctl_incidents(ctl->config);

    look_at_daemon(ctl->config, open, r);
    if (look_at_database(ctl, r)) {
        look_at_nodes(ctl, r);
        look_at_lanes(ctl, r);
        look_at_retention(ctl, r);
        look_at_today(ctl, r);
    }
    look_at_certs(ctl->config, r);
    look_at_disk(ctl->config, r);
    look_at_incidents(open, true, r);
    look_at_cases(ctl->config, r);
    json_decref(open);
}

int corv_verb_status(struct corv_ctl *ctl, int argc, char **argv)
{
    struct report r = {.count = 0};
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
        corv_ctl_json(ctl, report_json(&r));
    else
        say(ctl, &r);
    return (int)worst_of(&r);
}
