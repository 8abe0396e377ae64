/* SPDX-License-Identifier: EUPL-1.2 */
/* What an operator may do with deliveries: one statement each, returning what it changed, and one
 * line in the chain "operator" for every delivery changed. */
#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "queue/act_chain.h"

#define REASON_MAX   200
#define DIGITS_MAX   6 /* more in a row may be a person's number */
#define NOT_LEASED   "NOT " CORV_SQL_LEASED
#define THESE        "message_id = $1::uuid AND ($2::integer = 0 OR no = $2::integer)"
#define DUE_NOW      "state = 0, due_at = now(), owner = NULL, held_code = NULL, held_question = NULL"
#define RETURNING_IT " RETURNING no, party"

struct action {
    const char *event;
    const char *sql;   /* $1 message, $2 no, $3 text of this action */
    const char *label; /* of $3 in the detail */
    bool hint;         /* something may be due: tell the daemons */
};

static const struct action retry = {"delivery.retried",
    "UPDATE delivery SET " DUE_NOW " WHERE " THESE " AND (state = 2 OR (state = 0 AND " NOT_LEASED
    ")) AND $3::text IS NULL" RETURNING_IT,
    NULL, true};
static const struct action hold = {"delivery.held",
    "UPDATE delivery SET state = 1, owner = NULL, held_code = 'operator.hold', held_question = $3"
    " WHERE " THESE " AND (state = 2 OR (state = 0 AND " NOT_LEASED "))" RETURNING_IT,
    "reason", false};
static const struct action release = {"delivery.released",
    "UPDATE delivery SET " DUE_NOW ", party = coalesce($3::text, party) WHERE " THESE
    " AND state = 1 AND coalesce($3::text, party) IS NOT NULL" RETURNING_IT,
    "to", true};
static const struct action reroute = {"delivery.rerouted",
    "UPDATE delivery SET " DUE_NOW ", party = $3::text WHERE " THESE
    " AND " NOT_LEASED RETURNING_IT,
    "to", true};
static const struct action drop = {"delivery.dropped",
    "WITH d AS (DELETE FROM delivery WHERE " THESE " AND " NOT_LEASED " AND $3::text IS NOT NULL"
    "  RETURNING message_id, no, route, party, priority, attempts, created_at, last_status)"
    " INSERT INTO delivery_done (message_id, no, route, party, priority, state, attempts,"
    "  created_at, done_at, code, status)"
    " SELECT message_id, no, route, party, priority, 4, attempts, created_at, now(),"
    "  'operator.drop', last_status FROM d" RETURNING_IT,
    "reason", false};

/* A reason is kept for six months and seen by many: it may name no person. Words cannot be
 * judged, but a BSN, a case number or a telephone number has a row of digits. */
static corv_rc check_reason(const char *reason, struct corv_fault *fault)
{
    size_t digits = 0;

    if (!reason || !*reason)
        return CORV_FAIL(fault, CORV_E_INVALID, CORV_FAULT_SENDER, "act.no-reason",
            "Geef een reden met --reason TEKST, zonder persoonsgegevens.");
    if (strlen(reason) > REASON_MAX)
        return CORV_FAIL(fault, CORV_E_INVALID, CORV_FAULT_SENDER, "act.long-reason",
            "De reden is langer dan %d tekens.", REASON_MAX);
    for (const char *p = reason; *p; p++) {
        digits = isdigit((unsigned char)*p) ? digits + 1 : 0;
        if (digits > DIGITS_MAX)
            return CORV_FAIL(fault, CORV_E_INVALID, CORV_FAULT_SENDER, "act.digits-in-reason",
                "In de reden staat een lang nummer. Zet er geen BSN, zaaknummer of telefoonnummer "
                "in: de reden blijft in het auditspoor staan.");
    }
    return CORV_OK;
}

static char *detail_of(const struct action *a, const char *text)
{
    json_t *detail = json_object();
    char *out = NULL;

    if (a->label && text)
        (void)json_object_set_new(detail, a->label, json_string(text));
    if (json_object_size(detail) > 0)
        out = json_dumps(detail, JSON_COMPACT);
    json_decref(detail);
    return out;
}

/* ---- why nothing changed ------------------------------------------------------------------ */

static corv_rc say_why(struct corv_inspect *i, const char *message_id, int no,
    const struct action *wanted, struct corv_fault *fault)
{
    static const struct {
        const char *state;
        const char *code;
        const char *text;
    } texts[] = {
        {"leased", "act.under-way",
            "Deze bezorging is nu onderweg. Wacht tot de poging klaar is en probeer het "
            "opnieuw."},
        {"confirmed", "act.state", "Deze bezorging is al bevestigd door de ontvanger."},
        {"dropped", "act.state", "Deze bezorging is al vervallen verklaard."},
        {"held", "act.state",
            "Deze bezorging wordt vastgehouden. Gebruik release, zo nodig met --to PARTIJ."},
        {"waiting", "act.state",
            "Deze bezorging wacht al op bezorging; zij wordt niet vastgehouden."},
        {"dead", "act.state",
            "Deze bezorging ligt in de bak met mislukte bezorgingen. Gebruik retry."},
    };
    struct corv_inspect_delivery *list = NULL;
    size_t count = 0;
    corv_rc rc = corv_inspect_deliveries(i, message_id, &list, &count, fault);

    for (size_t n = 0; n < count && rc == CORV_OK && wanted == &release; n++)
        if ((no == 0 || list[n].no == no) && strcmp(list[n].state, "held") == 0)
            rc = CORV_FAIL(fault, CORV_E_STATE, CORV_FAULT_SENDER, "act.no-party",
                "Deze bezorging heeft nog geen ontvanger. Zeg aan wie zij moet: --to PARTIJ.");
    for (size_t n = 0; n < count && rc == CORV_OK; n++)
        for (size_t t = 0; t < sizeof texts / sizeof texts[0]; t++)
            if ((no == 0 || list[n].no == no) && strcmp(list[n].state, texts[t].state) == 0)
                rc = CORV_FAIL(
                    fault, CORV_E_STATE, CORV_FAULT_SENDER, texts[t].code, "%s", texts[t].text);
    if (rc == CORV_OK)
        rc = CORV_FAIL(fault, CORV_E_NOTFOUND, CORV_FAULT_SENDER, "act.unknown",
            "Dit bericht heeft geen bezorging met dat nummer. Kijk met: corvctl message show");
    corv_inspect_free(list);
    return rc;
}

/* ---- the transaction ---------------------------------------------------------------------- */

static corv_rc append_lines(struct corv_act *act, const PGresult *r,
    const struct corv_queue_event *pattern, unsigned *changed)
{
    corv_rc rc = CORV_OK;

    for (int row = 0; row < PQntuples(r) && rc == CORV_OK; row++) {
        struct corv_queue_event e = *pattern;

        e.delivery = (int)strtol(PQgetvalue(r, row, 0), NULL, 10);
        e.party = PQgetisnull(r, row, 1) ? NULL : PQgetvalue(r, row, 1);
        rc = corv_act_append(act, &e);
    }
    *changed = (unsigned)PQntuples(r);
    return rc;
}

static corv_rc change(struct corv_inspect *i, const struct action *a, const char *const *params,
    const struct corv_queue_event *pattern, unsigned *changed, struct corv_fault *fault)
{
    struct corv_act act;
    PGresult *r = NULL;
    corv_rc rc = corv_act_begin(i, &act, fault);

    if (rc != CORV_OK)
        return rc;
    rc = corv_inspect_query(i, a->sql, 3, params, &r, fault);
    if (rc == CORV_OK)
        rc = append_lines(&act, r, pattern, changed);
    if (rc == CORV_OK && a->hint && *changed > 0)
        rc = corv_inspect_query(i, "NOTIFY corv_due", 0, NULL, NULL, fault);
    PQclear(r);
    rc = corv_act_end(&act, rc);
    if (rc != CORV_OK)
        *changed = 0;
    return rc;
}

static corv_rc perform(struct corv_inspect *i, const struct action *a, const char *message_id,
    int no, const char *text, const char *actor, unsigned *changed, struct corv_fault *fault)
{
    char number[16];
    const char *params[] = {message_id, number, text};
    struct corv_queue_event pattern = {.event = a->event, .actor = actor};
    char *detail = detail_of(a, text);
    corv_rc rc = corv_inspect_check_id(message_id, fault);

    *changed = 0;
    if (rc == CORV_OK)
        rc = corv_id_read(message_id, &pattern.message);
    pattern.detail = detail;
    (void)snprintf(number, sizeof number, "%d", no);
    if (rc == CORV_OK)
        rc = change(i, a, params, &pattern, changed, fault);
    if (rc == CORV_OK && *changed == 0)
        rc = say_why(i, message_id, no, a, fault);
    free(detail);
    return rc;
}

corv_rc corv_act_retry(struct corv_inspect *i, const char *message_id, int no, const char *actor,
    unsigned *changed, struct corv_fault *fault)
{
    return perform(i, &retry, message_id, no, NULL, actor, changed, fault);
}

corv_rc corv_act_hold(struct corv_inspect *i, const char *message_id, int no, const char *reason,
    const char *actor, unsigned *changed, struct corv_fault *fault)
{
    corv_rc rc = check_reason(reason, fault);

    *changed = 0;
    return rc != CORV_OK ? rc : perform(i, &hold, message_id, no, reason, actor, changed, fault);
}

corv_rc corv_act_release(struct corv_inspect *i, const char *message_id, int no, const char *to,
    const char *actor, unsigned *changed, struct corv_fault *fault)
{
    return perform(i, &release, message_id, no, to, actor, changed, fault);
}

corv_rc corv_act_reroute(struct corv_inspect *i, const char *message_id, int no, const char *to,
    const char *actor, unsigned *changed, struct corv_fault *fault)
{
    *changed = 0;
    if (!to || !*to)
        return CORV_FAIL(fault, CORV_E_INVALID, CORV_FAULT_SENDER, "act.no-party",
            "Geef de partij die het bericht moet krijgen: --to PARTIJ.");
    return perform(i, &reroute, message_id, no, to, actor, changed, fault);
}

corv_rc corv_act_drop(struct corv_inspect *i, const char *message_id, int no, const char *reason,
    const char *actor, unsigned *changed, struct corv_fault *fault)
{
    corv_rc rc = check_reason(reason, fault);

    *changed = 0;
    return rc != CORV_OK ? rc : perform(i, &drop, message_id, no, reason, actor, changed, fault);
}
